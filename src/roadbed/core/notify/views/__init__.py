"""Pages of notify: the inbox, and the settings of mail, channels and webhooks."""
