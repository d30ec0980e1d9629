"""`hacienda timers`."""

from __future__ import annotations

from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from hacienda.assess import finding
from hacienda.assess import timers as budgets
from hacienda.assess.timers import Budget, Line, measured
from hacienda.cli import console, project


def timers(env: project.Env, as_json: project.AsJson = False) -> None:
    """Show how long each failure lasts at most, from the times that services state, and times that contradict each other.

    If the lab's drills have left results (.hacienda/ENV/measured.json), their values are shown as well, and a value
    beyond the budget is reported. `hacienda explain docs/timers.md` derives each figure.
    """
    cloud = project.read(env)
    drills = measured.load(project.state_folder(cloud.name) / measured.NAME)
    with console.working(f"reading the times of {cloud.name}"):
        found = budgets.budget(cloud, drills=drills)
    if as_json:
        console.show_json(found.to_json())
        return
    console.out.print(_failures(found))
    _show_sums(found)
    for one in found.contradictions:
        told = f"{one.where}: {one.reason}\n  {one.fix} {finding.reference(one.rule)}"
        console.out.print(Text("contradiction: ", style="red").append(told, style="default"))
    if found.others:
        console.out.print(_others(found))


def _failures(found: Budget) -> Table:
    table = Table(box=None, pad_edge=False, title=f"{found.environment}: seconds at worst", title_justify="left")
    table.add_column("failure")
    for column in ("noticed", "served again", "target", "measured"):
        table.add_column(column, justify="right", no_wrap=True)
    for line in found.lines:
        failure = line.failure
        target = "" if failure.target is None else f"{failure.target:g}"
        style = "" if failure.within_target else "red"
        table.add_row(
            failure.name,
            f"{failure.detection.seconds:.3g}",
            Text(f"{failure.recovery.seconds:.3g}", style=style),
            target,
            _measured(line),
        )
    return table


def _show_sums(found: Budget) -> None:
    """Print the settings that each figure is the sum of. They come below the table, because a column of it would be too narrow."""
    console.show("\nMade up of")
    for line in found.lines:
        console.show(line.failure.name)
        console.out.print(Padding(Text(str(line.failure.recovery)), (0, 0, 0, 2), expand=False), soft_wrap=False)


def _measured(line: Line) -> Text:
    if line.longest is None:
        return Text()
    return Text(f"{line.longest.seconds:.3g}", style="red" if line.exceeded else "green")


def _others(found: Budget) -> Table:
    table = Table(box=None, pad_edge=False, title="Other measurements", title_justify="left")
    table.add_column("drill", overflow="fold")
    table.add_column("seconds", justify="right")
    for drill in found.others:
        table.add_row(drill.name, f"{drill.seconds:.3g}")
    return table
