"""Measures: rules as data, domande, graduatorie."""
