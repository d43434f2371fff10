// What pages say of a game: its teams, its round, and when it begins.
import { get } from '/api.js';

const when = new Intl.DateTimeFormat(undefined, { weekday: 'short', month: 'short', day: 'numeric', hour: 'numeric', minute: '2-digit' });
const day = new Intl.DateTimeFormat(undefined, { weekday: 'short', month: 'short', day: 'numeric', timeZone: 'UTC' });
const fullWhen = new Intl.DateTimeFormat(undefined, { weekday: 'long', year: 'numeric', month: 'long', day: 'numeric', hour: 'numeric', minute: '2-digit', timeZoneName: 'short' });
const fullDay = new Intl.DateTimeFormat(undefined, { weekday: 'long', year: 'numeric', month: 'long', day: 'numeric', timeZone: 'UTC' });

export const ROUNDS = { WC: 'Wild card', DIV: 'Divisional round', CON: 'Conference championships', SB: 'Super Bowl' };
export const kickoff = (game) => (game.kickoff_at ? when.format(new Date(game.kickoff_at)) : day.format(new Date(game.gameday)));
export const fullKickoff = (game) => (game.kickoff_at ? fullWhen.format(new Date(game.kickoff_at)) : fullDay.format(new Date(game.gameday)));

// When GAME begins, as the server has it (game_begins_at): one whose hour is not known, with its day in the east, which is an hour earlier in summer.
const easternHour = new Intl.DateTimeFormat('en-US', { hour: 'numeric', hourCycle: 'h23', timeZone: 'America/New_York' });
export function beginsAt({ kickoff_at: at, gameday }) {
  if (at !== null) return Date.parse(at);
  const winter = Date.parse(`${gameday}T05:00Z`);
  return winter - 3600000 * Number(easternHour.format(winter));
}
// Or never will: nothing more can be picked of it.
export const hasBegun = (game) => game.home_score !== null || Boolean(game.cancelled_at) || beginsAt(game) <= Date.now();

// Whether a margin of HOMEBY points, which may be of either team by rounding, is nobody's to speak of: lines go by half points.
export const isEven = (homeBy) => Math.abs(homeBy) < 0.25;

// Who is expected to win by how much.
export const margin = (game, homeBy) => (isEven(homeBy) ? 'even' : `${homeBy < 0 ? game.away_team : game.home_team} by ${Math.abs(homeBy).toFixed(1)}`);

// "Season 2026, week 12", and the round where it has a name.
export const weekName = (season, week, game) => `Season ${season}, week ${week}${ROUNDS[game?.game_type] ? `: ${ROUNDS[game.game_type]}` : ''}`;

// A team by its code of any time; a code that no list has stands for itself.
export async function teams() {
  const { data } = await get('/v1/teams');
  const byCode = new Map(data.map((team) => [team.code, team]));
  return (code) => byCode.get(code) ?? { code, name: code, nickname: code };
}

// Odds as Americans write them: what 100 wins, or what wins 100.
export const american = (odds) => (odds === null || odds === undefined ? '–' : odds > 0 ? `+${odds}` : `−${-odds}`);
