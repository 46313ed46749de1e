"""Tests of Ambito."""
