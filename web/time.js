// Times and days in the reader's own words and zone.
const moment = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'short' });
const day = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium' });

export const atTime = (text) => moment.format(new Date(text));
export const onDay = (text) => day.format(new Date(text));
