"""Pictures of a cloud: networks, virtual IPs, failure domains, machines and voter groups, with single points of failure in red.
One model is drawn as text, SVG, PNG and Mermaid."""

from hacienda.review.topology.graphviz import DARK, described, png, svg
from hacienda.review.topology.mermaid import mermaid
from hacienda.review.topology.picture import Picture, Place, picture
from hacienda.review.topology.text import draw

__all__ = ["DARK", "Picture", "Place", "described", "draw", "mermaid", "picture", "png", "svg"]
