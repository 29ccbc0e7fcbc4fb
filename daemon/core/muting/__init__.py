"""Why a firing alert is not told: silences, planned work, causes, storms."""
