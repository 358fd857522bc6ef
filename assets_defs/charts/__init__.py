"""Small charts in an asset's metadata, drawn as SVG; those that don't fit there as a file beside.

Belongs here: pictures that say more than a table. Does not: reports and dossiers.

Every picture is the same for the same rows, whatever their order, and stays readable: what is too much for it is drawn
as one sum.
"""

from assets_defs.charts.arcs import dependency_picture
from assets_defs.charts.bars import bar_chart, counted_bars, stacked_bars, summed_bars
from assets_defs.charts.burn_down import burn_down_chart
from assets_defs.charts.gantt import gantt_chart
from assets_defs.charts.heat import heat_map
from assets_defs.charts.matrix import matrix_chart
from assets_defs.charts.scatter import scatter_chart
from assets_defs.charts.svg import Picture
from assets_defs.charts.timeline import timeline_chart

__all__ = [
    "Picture",
    "bar_chart",
    "burn_down_chart",
    "counted_bars",
    "dependency_picture",
    "gantt_chart",
    "heat_map",
    "matrix_chart",
    "scatter_chart",
    "stacked_bars",
    "summed_bars",
    "timeline_chart",
]
