"""The labs at sizes at which everything takes milliseconds."""

SMALL: dict[str, dict] = {
    "ClinicLab": {"size": 32, "steps": 1},
    "ContentLab": {"size": 32},
    "Doodle": {"size": 32},
    "FeatureExplorer": {"size": 64},
    "FlickerLab": {"size": 32, "count": 3, "steps": 2},
    "GramExplorer": {"size": 32},
    "Instant": {"size": 32},
    "LayerMixer": {"size": 32},
    "SoundLab": {"seconds": 0.5},
    "StyleMixer": {"size": 32},
    "StyleTransferLab": {"size": 128},
}
