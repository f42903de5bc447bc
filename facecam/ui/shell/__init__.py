"""The window around the tabs: start, menus, shortcuts, notices."""
