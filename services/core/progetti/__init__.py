"""Personalised projects."""
