"""What every module's API shares: who asks, pages, ETags, problems."""
