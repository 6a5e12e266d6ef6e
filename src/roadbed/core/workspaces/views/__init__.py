"""Pages of workspaces: settings, invitations, switches, and which workspace to open."""
