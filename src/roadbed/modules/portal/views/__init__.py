"""Its pages: for visitors below ``/p/``, for makers below ``/w/…/portal/``."""
