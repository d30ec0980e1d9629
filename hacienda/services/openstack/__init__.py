"""Parts that OpenStack's services share. A service takes the parts that it needs; nothing here calls a service."""
