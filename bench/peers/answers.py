"""What both peers on FastAPI ask and answer alike."""
FIRST_PAGE = {'type': None, 'team': None, 'model': 'gridiron', 'min_confidence': None, 'open_through': 99, 'after_week': 0,
              'after_id': '00000000-0000-0000-0000-000000000000', 'row_count': 51}
# What all rows of a list have in common is not asked of the database.
OF_ALL = {'model': 'gridiron', 'tier': 'L', 'saw_line': False}
