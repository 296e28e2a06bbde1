"""The named controls of a rendered head.

The style vector's last coordinates have no name: `unnamed` gives them. They choose what no artist would ask
for, such as where the freckles are and what stands in the background.
"""

from torch import Tensor

from ..controls import Controls, gate, level, share, swing, unit

STYLE_DIM = 160

# In the order of the style vector's coordinates: append, never insert. Left and right are the viewer's.
CONTROLS = (
    # who
    swing("masculine", slope=1.6),  # -1 a woman, +1 a man; most are clearly one
    share("age", 0.4),  # 0 eight years, 1 eighty-five
    swing("weight"),
    share("african", 0.0),  # what is left of african and asian is european
    share("asian", 0.0),
    # the face's shape
    swing("face_width"),
    swing("face_length"),
    swing("forehead"),
    swing("temples"),
    swing("cheekbones"),
    swing("cheeks"),
    swing("jaw"),  # -1 pointed, +1 square
    swing("chin"),
    swing("chin_width"),
    swing("chin_height"),
    swing("nose_size"),
    swing("nose_width"),
    swing("nose_length"),
    swing("nose_bridge"),
    swing("nose_tip"),  # +1 turned up
    swing("eye_size"),
    swing("eye_spacing"),
    swing("eye_tilt"),
    swing("eye_depth"),
    swing("lid_fold"),
    swing("brow_height"),
    swing("brow_ridge"),
    swing("mouth_width"),
    swing("lips"),
    swing("upper_lip"),
    swing("philtrum"),
    swing("ears"),
    swing("ears_out"),
    swing("neck_width"),
    swing("asymmetry"),
    # expression
    swing("smile", 0.1, 0.0, slope=1.0),  # -1 corners down, +1 a broad smile
    level("teeth", -0.3, 0.0, slope=2.0),  # how far a smile parts the lips
    level("mouth_open", -1.9, 0.0, slope=1.7),
    level("pucker", -2.6, 0.0),
    level("press", -2.6, 0.0),
    swing("mouth_sideways", slope=0.35),
    level("sneer", -2.6, 0.0),
    level("cheek_puff", -3.2, 0.0),
    gate("tongue", 0.02),
    swing("eye_open_left", 0.0, 0.0, slope=0.35),  # -1 shut, +1 wide
    swing("eye_open_right", 0.0, 0.0, slope=0.35),
    gate("eyes_shut", 0.05),
    gate("wink", 0.02),
    level("squint", -1.8, 0.0),
    swing("brow_left", slope=0.5),
    swing("brow_right", slope=0.5),
    swing("brow_frown", -0.25, slope=0.6),  # -1 inner ends up, as in grief, +1 down and together
    swing("gaze_x", slope=0.45),
    swing("gaze_y", slope=0.35),
    # pose and camera
    swing("turn", slope=0.55),  # +-1 is 60 degrees; +1 to the image's right
    swing("nod", slope=0.45),  # +-1 is 35 degrees; +1 down
    swing("tilt", slope=0.4),  # +-1 is 30 degrees; +1 clockwise
    share("distance"),  # 0 a phone at arm's length, 1 a long lens
    swing("frame_x", slope=0.4),
    swing("frame_y", slope=0.4),
    swing("frame_size", slope=0.4),
    # skin and make-up
    share("skin_tone", 0.3),  # 0 porcelain, 1 deep brown
    swing("skin_undertone"),
    level("redness", -0.3, 0.4),
    gate("freckles", 0.14),
    level("moles", -1.5, 0.1),
    level("wrinkles", -0.4, 0.3),  # beyond what age brings
    level("shine", -0.4, 0.4),
    level("stubble", -0.8, 0.0),  # where a beard would grow
    gate("lipstick", 0.22),
    share("lip_colour"),
    gate("eyeshadow", 0.16),
    share("eyeshadow_colour"),
    gate("eyeliner", 0.16),
    gate("rouge", 0.14),
    share("eye_colour", 0.4),  # dark brown, brown, hazel, green, grey, blue
    swing("pupils", slope=0.5),
    # hair
    share("hair_style"),  # a place in the list of styles
    swing("hair_length"),
    swing("hair_volume"),
    share("curl", 0.3),  # 0 straight, 1 coils
    swing("curl_size"),
    share("fringe", 0.3),
    swing("parting"),
    swing("mess", -0.3),
    level("receding", -1.6, 0.0),
    share("hair_tone", 0.4),  # 0 black, 1 pale blond
    swing("hair_red"),
    level("grey", -2.4, 0.0, slope=1.8),
    gate("dyed", 0.04),
    share("dye"),
    swing("brow_thickness"),
    swing("brow_arch"),
    level("lashes", 0.0, 0.5),
    gate("beard", 0.22),
    share("beard_style"),  # a place in the list of beards
    swing("beard_length"),
    # worn
    gate("glasses", 0.2),
    share("glasses_shape"),
    swing("glasses_size"),
    share("glasses_tone"),
    gate("sunglasses", 0.15),  # of those who wear glasses
    gate("hat", 0.12),
    share("hat_shape"),
    share("hat_hue"),
    share("hat_tone"),
    gate("headscarf", 0.04),
    gate("earrings", 0.16),
    share("earring_shape"),
    share("clothing"),  # a place in the list of clothes
    share("clothing_hue"),
    share("clothing_tone"),
    level("clothing_pattern", -0.5, 0.0),
    gate("hand", 0.05),  # something in front of the face
    share("hand_place"),
    # light
    swing("light_direction"),  # -1 from the image's left
    swing("light_height", 0.35, 0.3),
    share("light_softness"),
    share("light_contrast"),
    swing("light_warmth", 0.1, 0.1),
    gate("rim_light", 0.3),
    swing("rim_warmth"),
    swing("fill_warmth"),
    # what is behind, and the picture
    share("background"),  # a place in the list of backgrounds
    share("background_tone"),
    share("background_hue"),
    level("background_colour", -0.8, 0.2),
    level("background_blur", 0.3, 0.6),
    swing("exposure", slope=0.5),
    swing("contrast", slope=0.5),
    swing("saturation", slope=0.5),
)

UNNAMED = STYLE_DIM - len(CONTROLS)

# in the drawn population, target: {source: weight}
CORRELATIONS: dict[str, dict[str, float]] = {
    "asian": {"african": -0.6},
    "skin_tone": {"african": 0.75, "asian": -0.1},
    "jaw": {"masculine": 0.5},
    "brow_ridge": {"masculine": 0.5},
    "brow_thickness": {"masculine": 0.6},
    "neck_width": {"masculine": 0.5, "weight": 0.3},
    "cheeks": {"weight": 0.5, "age": -0.2},
    "nose_width": {"african": 0.5},
    "lips": {"african": 0.5, "masculine": -0.2, "age": -0.2},
    "nose_size": {"masculine": 0.3, "age": 0.2},
    "lid_fold": {"asian": 0.7},
    "eye_colour": {"skin_tone": -0.6, "asian": -0.4},
    "teeth": {"smile": 0.7},
    "squint": {"smile": 0.5},
    "brow_right": {"brow_left": 0.85},
    "eye_open_right": {"eye_open_left": 0.9},
    "brow_frown": {"smile": -0.3},
    "gaze_x": {"turn": -0.5},  # eyes stay on whom they look at
    "gaze_y": {"nod": 0.4},
    "freckles": {"skin_tone": -0.5, "hair_red": 0.3},
    "redness": {"skin_tone": -0.2},
    "wrinkles": {"age": 0.3},
    "stubble": {"masculine": 0.8},
    "lipstick": {"masculine": -0.8},
    "eyeshadow": {"masculine": -0.6, "lipstick": 0.4},
    "eyeliner": {"masculine": -0.6, "lipstick": 0.4},
    "rouge": {"masculine": -0.7},
    "hair_style": {"masculine": -0.85},  # short styles come first
    "hair_length": {"masculine": -0.4},
    "curl": {"african": 0.6, "asian": -0.3},
    "fringe": {"masculine": -0.3},
    "receding": {"masculine": 0.6, "age": 0.5},
    "hair_tone": {"skin_tone": -0.55, "asian": -0.4},
    "hair_red": {"skin_tone": -0.2},
    "grey": {"age": 0.85},
    "lashes": {"masculine": -0.6},
    "beard": {"masculine": 0.9, "age": 0.1},
    "glasses": {"age": 0.3},
    "earrings": {"masculine": -0.6},
    "headscarf": {"masculine": -0.6},
    "hat": {"masculine": 0.1},
}

POPULATION = Controls(STYLE_DIM, CONTROLS, CORRELATIONS)


def unnamed(z: Tensor) -> Tensor:
    """The coordinates without a name, [N, UNNAMED], standard normals."""
    return unit(z)[:, len(CONTROLS) :]
