"""A day in a field stands as browsers want it: any other way they show nothing, and send nothing back."""

DATE_INPUT_FORMATS = ["%Y-%m-%d", "%d/%m/%Y", "%d/%m/%y"]
