"""What OpenStack's services have in common. A service takes the pieces that suit it; nothing here calls a service."""
