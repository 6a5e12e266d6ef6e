"""Who may do what at which address: one table a part of the product, read by ``tests/test_permissions.py``.

Each file may offer `ROOT`, `WORKSPACE` (below ``/w/<slug>/``) and `PROGRAMS` (below ``/api/v1/<slug>/``): the route as
Django spells it, and for each method the least level, such as ``"GET viewer, POST maker"``. Levels: ``public``,
``signed-in``, ``viewer``, ``contributor``, ``maker``, ``owner``; ``/own`` after it where the thing is somebody's own,
so that others of that level see 404 or 403. What is not declared must be answered with 405.

``scene.py`` says what stands for the captured parts of an address, ``sent.py`` what a write needs to be understood.
"""
