"""Addresses: is this one right, and which one is meant?"""
