"""The meaning of texts as vectors: computed once a text, kept with the model that made them."""
