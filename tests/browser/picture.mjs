// A picture of a page for docs/images.
import { statSync } from 'node:fs';
import { shots } from './lib.mjs';

export const SEASON = 2023;
const MOST_BYTES = 200 * 1024;

// Of PAGE, as it stands; HEIGHT: of the picture, where the page is higher than that.
export async function take(page, name, height = 900) {
  await page.waitForLoadState('networkidle');
  const full = await page.evaluate(() => document.documentElement.scrollHeight);
  await page.screenshot({ path: `${shots}/${name}.png`, fullPage: true, clip: { x: 0, y: 0, width: 1280, height: Math.min(full, height) } });
  const { size } = statSync(`${shots}/${name}.png`);
  if (size > MOST_BYTES) throw new Error(`${name}.png has ${size} bytes, more than ${MOST_BYTES}`);
}
