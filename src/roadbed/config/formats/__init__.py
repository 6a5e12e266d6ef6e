"""How fields of forms are written, where Django's own way does not do."""
