"""Runs a cloud from Python: plan, apply, destroy, and ask nodes for their health. The command line calls this package.

from hacienda import operate

project = operate.Project(Path())
operate.apply(project, project.read("lab"), approve=lambda review: not review.refusals)
"""

from hacienda.operate.apply import Applied, apply
from hacienda.operate.destroy import destroy
from hacienda.operate.observer import Observer
from hacienda.operate.plan import Planned, plan
from hacienda.operate.planning import Review
from hacienda.operate.project import Project
from hacienda.operate.reach import examine

__all__ = ["Applied", "Observer", "Planned", "Project", "Review", "apply", "destroy", "examine", "plan"]
