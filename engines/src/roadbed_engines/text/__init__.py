"""Reading what people wrote: vectors, themes, duplicates, answers, and what a text is about."""
