"""Style transfer for clips: flow, occlusion, the temporal term, and one call for a whole clip.

Notebook 09 builds it piece by piece; read `flow`, then `temporal`, then `stylize`.
"""

from .camera import Camera, camera_clip, camera_flow
from .clips import Clip, bundled_clips, read_clip
from .flow import optical_flow, scene_cuts, visible, warp
from .run import VideoResult
from .stylize import stylize_video
from .temporal import Temporal, flicker, remembered
from .writing import write_clip

__all__ = [
    "Camera",
    "Clip",
    "Temporal",
    "VideoResult",
    "bundled_clips",
    "camera_clip",
    "camera_flow",
    "flicker",
    "optical_flow",
    "read_clip",
    "remembered",
    "scene_cuts",
    "stylize_video",
    "visible",
    "warp",
    "write_clip",
]
