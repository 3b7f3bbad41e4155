#!/usr/bin/env python3
"""A form and its answer: http://localhost:8000/cgi-bin/form.py"""
import html
import os
import sys
import urllib.parse

length = int(os.environ.get("CONTENT_LENGTH") or 0)
form = urllib.parse.parse_qs(sys.stdin.buffer.read(length).decode())
name = html.escape(form.get("name", [""])[0])

print("Content-Type: text/html; charset=utf-8")
print()
print("<!DOCTYPE html><title>A form</title>")
if name:
    print(f"<p>Hello {name}!")
print('<form method="post"><input name="name"> <button>Send</button></form>')
