"""What notify does: notices, mail, channels, webhooks; import the part that you need."""
