"""Secrets and the environment's certificates: created once, stored encrypted or outside git. Each node gets only its
own."""

from hacienda.secrets.inventory import Entry, inventory, reveal
from hacienda.secrets.mint import Minted, mint
from hacienda.secrets.needs import Leaf, Needs
from hacienda.secrets.provided import Judgement, Provided, judge
from hacienda.secrets.rotate import Rotated, finish, rotate, unfinished
from hacienda.secrets.spec import StoreSpec
from hacienda.secrets.store import Store, digest, open_store

__all__ = [
    "Entry",
    "Judgement",
    "Leaf",
    "Minted",
    "Needs",
    "Provided",
    "Rotated",
    "Store",
    "StoreSpec",
    "digest",
    "finish",
    "inventory",
    "judge",
    "mint",
    "open_store",
    "reveal",
    "rotate",
    "unfinished",
]
