"""The named controls of a drawn car."""

from ..controls import Controls, gate, level, swing

STYLE_DIM = 40  # coordinates of z: one for each control, the others without a name

# In the order of the style vector's coordinates: append, never insert.
CONTROLS = (
    swing("paint_red", slope=0.6),  # -1 green, +1 red
    swing("paint_yellow", slope=0.6),  # -1 blue, +1 yellow
    level("paint_lightness", 0.1),
    level("metallic", 0.0, 0.4),
    swing("length"),
    swing("roof"),  # +1 high
    swing("bonnet"),  # +1 long
    level("boot", 0.3, 0.6, slope=2.4),  # 0 a hatchback or van, 1 a saloon
    swing("rake"),  # -1 upright windscreen, +1 slanted
    swing("waist"),  # +1 high doors, low windows
    swing("roundness"),
    swing("clearance"),
    swing("wheel_size"),
    level("rim_tone", 0.6),  # 0 black, 1 bright
    level("spokes"),  # 0 five thin, 1 five wide
    level("tint"),  # of the windows
    level("cladding", -0.6, 0.2),  # dark plastic along sills and arches
    gate("black_roof", 0.18),
    level("chrome"),
    swing("turn", slope=1.0),  # -1 its tail towards us, 0 from the side, +1 its front
    gate("faces_left", 0.5),
    swing("eye_height"),
    swing("closeness"),
    level("daylight", 1.7, 0.85),  # 0 night, 0.4 dusk or dawn, 1 noon
    level("cloud"),
    swing("light_direction"),  # -1 from the picture's left
    level("lamps", -0.9, 0.2),  # how bright they shine
    swing("ground_lightness"),
    swing("ground_warmth"),
    swing("verge_green"),  # -1 sand, +1 grass
    level("hills"),
    swing("hills_blue"),
)

# in the drawn population, target: {source: weight}
CORRELATIONS: dict[str, dict[str, float]] = {
    "roof": {"boot": -0.5},
    "rake": {"roof": -0.4, "boot": 0.3},
    "clearance": {"roof": 0.4},
    "wheel_size": {"clearance": 0.4},
    "cladding": {"clearance": 0.5},
    "lamps": {"daylight": -0.7},
    "tint": {"paint_lightness": -0.3},
    "length": {"boot": 0.4},
}

POPULATION = Controls(STYLE_DIM, CONTROLS, CORRELATIONS)
