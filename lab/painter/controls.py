"""The named controls of a drawn portrait."""

from torch import Tensor

from ..controls import Controls, gate, level, swing

STYLE_DIM = 64

# In the order of the style vector's coordinates: append, never insert.
CONTROLS = (
    swing("masculine"),
    level("age", -0.3, 0.3),
    swing("turn"),  # head yaw, +1 looks to the image's right
    swing("nod"),  # +1 looks down
    swing("smile", 0.95, 0.3, slope=1.2),  # steep: people smile or they do not
    level("mouth_open", -1.8, 0.0),
    swing("eye_open"),
    swing("gaze_x"),
    swing("gaze_y"),
    swing("brow_raise"),
    swing("brow_frown", -0.5),
    swing("face_width"),
    swing("jaw"),  # -1 pointed, +1 square
    swing("chin"),
    swing("cheeks"),
    swing("nose_size"),
    swing("nose_width"),
    swing("eye_size"),
    swing("eye_spacing"),
    swing("eye_tilt", 0.2),
    level("eye_colour", -0.2, 0.4),  # dark brown, hazel, green, blue
    swing("brow_thickness"),
    swing("brow_arch"),
    swing("lips"),
    swing("mouth_width"),
    swing("ears"),
    level("skin_tone", -0.25, 0.3),  # 0 porcelain, 1 deep brown
    swing("skin_undertone"),
    level("blush", -0.3, 0.4),
    gate("freckles", 0.16),
    gate("lipstick", 0.34),
    level("lip_colour"),
    gate("eyeshadow", 0.25),
    level("hair_length", 0.0, 0.4),
    swing("hair_volume"),
    level("straight_hair", 1.5, 0.7, slope=3.4),
    swing("curl_size"),
    gate("bangs", 0.3),
    swing("parting"),
    swing("sweep"),
    gate("tucked", 0.4),
    level("hair_lightness", -0.2, 0.4),
    swing("hair_red"),
    gate("black_hair", 0.26),
    gate("grey", 0.16),
    gate("bald", 0.07),
    gate("beard", 0.12),
    gate("moustache", 0.11),
    gate("glasses", 0.25),
    swing("glasses_shape"),  # -1 round, +1 square
    level("glasses_tone"),
    gate("earrings", 0.20),
    gate("hat", 0.08),
    swing("hat_shape"),  # -1 knitted cap, +1 brimmed
    swing("light_direction"),  # -1 from the image's left
    swing("light_warmth", 0.3, 0.3),
    level("light_contrast"),
    swing("background_red"),
    swing("background_yellow"),
    swing("background_lightness"),
    level("bokeh"),
    swing("clothing_red"),
    swing("clothing_yellow"),
    swing("collar"),  # -1 crew neck, 0 open neck, +1 shirt collar
)

# in the drawn population, target: {source: weight}
CORRELATIONS: dict[str, dict[str, float]] = {
    "grey": {"age": 0.8},
    "bald": {"masculine": 0.75, "age": 0.35},
    "beard": {"masculine": 0.9, "age": 0.1},
    "moustache": {"masculine": 0.88, "beard": 0.3},
    "jaw": {"masculine": 0.55},
    "brow_thickness": {"masculine": 0.6},
    "lips": {"masculine": -0.5, "skin_tone": 0.25},
    "lipstick": {"masculine": -0.8},
    "eyeshadow": {"masculine": -0.6, "lipstick": 0.3},
    "earrings": {"masculine": -0.6},
    "hair_length": {"masculine": -0.82},
    "bangs": {"masculine": -0.5},
    "tucked": {"earrings": 0.4},
    "eye_size": {"masculine": -0.3, "age": -0.3},
    "nose_size": {"masculine": 0.35, "age": 0.2},
    "eye_colour": {"skin_tone": -0.7},
    "black_hair": {"skin_tone": 0.55},
    "hair_lightness": {"skin_tone": -0.5},
    "straight_hair": {"skin_tone": -0.35},
    "freckles": {"skin_tone": -0.4},
    "glasses": {"age": 0.2},
    "mouth_open": {"smile": 0.65},
    "brow_frown": {"smile": -0.35, "masculine": 0.3},
    "cheeks": {"age": -0.2},
    "hat": {"bald": 0.2},
}


# The paper's editing attributes: a portrait has one if this control is at least this value.
PAPER_ATTRIBUTES = {
    "Smiling": ("smile", 0.5),
    "Black_Hair": ("black_hair", 0.5),
    "Eyeglasses": ("glasses", 0.5),
    "Straight_Hair": ("straight_hair", 0.65),
    "Earrings": ("earrings", 0.5),
}

POPULATION = Controls(STYLE_DIM, CONTROLS, CORRELATIONS)


def attributes(z: Tensor, correlated: bool = True) -> dict[str, Tensor]:
    """Every control's value [N] for style vectors z [N, 64]; see `Controls.values`."""
    return POPULATION.values(z, correlated)
