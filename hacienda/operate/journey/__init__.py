"""The tenant's journey: what a tenant does with a new cloud, with a time for each step.

It begins with a project of the tenant's own. It ends when an instance with a volume has moved to another machine.

from hacienda.operate import journey

report = journey.travel(project, cloud, journey.Image.of_name("debian-13"))

OpenStack's SDK, of the extra `verify`, is imported when a journey begins.
"""

from hacienda.operate.journey.image import Image
from hacienda.operate.journey.report import Observer, Outcome, Report
from hacienda.operate.journey.travel import clean, travel

__all__ = ["Image", "Observer", "Outcome", "Report", "clean", "travel"]
