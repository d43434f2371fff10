// What pages say of a game: its round, and when it begins.
const when = new Intl.DateTimeFormat(undefined, { weekday: 'short', month: 'short', day: 'numeric', hour: 'numeric', minute: '2-digit' });
const day = new Intl.DateTimeFormat(undefined, { weekday: 'short', month: 'short', day: 'numeric', timeZone: 'UTC' });

export const ROUNDS = { WC: 'Wild card', DIV: 'Divisional round', CON: 'Conference championships', SB: 'Super Bowl' };
export const kickoff = (game) => (game.kickoff_at ? when.format(new Date(game.kickoff_at)) : day.format(new Date(game.gameday)));
export const hasBegun = (game) => game.home_score !== null || (game.kickoff_at !== null && new Date(game.kickoff_at) <= new Date());
