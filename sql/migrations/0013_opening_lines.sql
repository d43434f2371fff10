-- migration: opening lines that a feed tells itself, beside those that were seen first

-- up

-- Of the feed in source, as its spread_line and total_line are; NULL where it has no such columns.
ALTER TABLE games ADD COLUMN home_moneyline_open {{i32}};
ALTER TABLE games ADD COLUMN away_moneyline_open {{i32}};
ALTER TABLE games ADD COLUMN spread_line_open {{f64}};
ALTER TABLE games ADD COLUMN total_line_open {{f64}};

-- down

ALTER TABLE games DROP COLUMN total_line_open;
ALTER TABLE games DROP COLUMN spread_line_open;
ALTER TABLE games DROP COLUMN away_moneyline_open;
ALTER TABLE games DROP COLUMN home_moneyline_open;
