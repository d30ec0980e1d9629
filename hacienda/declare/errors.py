"""Errors of declarations."""


class DeclarationError(Exception):
    """A declaration is wrong: a programming error in a service, never in the operator's file."""
