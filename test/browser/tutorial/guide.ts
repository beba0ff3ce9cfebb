import assert from 'node:assert/strict'
import { existsSync, globSync, mkdirSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Locator, Page } from 'playwright-core'
import { until } from '../../harness/until.ts'
import { examplesOf, readDocument, root } from '../../clients/lib/examples.ts'
import { openCommands } from '../portal-page.ts'
import { settled } from '../portal-settled.ts'

const folder = join(root, 'docs/tutorials/images')
const maxBytes = 60 * 1024
const isWriting = process.env['ACRUX_WRITE_PICTURES'] === '1'

/** The pages of the tutorials for the portal. */
const pages = ['portal', 'portal-team', 'portal-programs'].map((name) => `docs/tutorials/${name}.md`)
const documents = pages.map(readDocument)

const used = new Set<string>()
const taken: string[] = []

/** A name on the screen that a tutorial tells the reader to look for. */
export function label(name: string): string {
  used.add(name)
  return name
}

/** Commands that a tutorial gives the reader. */
export function commands(example: string): string {
  return examplesOf(documents.join('\n'), example)
}

/** Presses a button, in the dialog that is open or else anywhere. */
export async function press(page: Page, name: string): Promise<void> {
  const place = page.locator('[role=dialog], body:not(:has([role=dialog]))')
  await place.getByRole('button', { name: label(name), exact: true }).click()
}

/** Closes a dialog with a secret that is shown once. */
export async function closeSecret(page: Page): Promise<void> {
  await page.getByRole('checkbox', { name: label('I have stored it') }).check()
  await press(page, 'Close')
}

/** Follows a link. */
export async function follow(page: Page, name: string): Promise<void> {
  await page
    .getByRole('link', { name: label(name), exact: true })
    .first()
    .click()
}

/** Fills in a field. */
export async function fill(page: Page, name: string, text: string): Promise<void> {
  await page.getByRole('textbox', { name: label(name), exact: true }).fill(text)
}

/** Selects one of several choices. */
export async function choose(page: Page, name: string): Promise<void> {
  await page.getByRole('radio', { name: label(name) }).check()
}

/** Opens a part of a view. */
export async function openTab(page: Page, name: string): Promise<void> {
  await page.getByRole('tab', { name: label(name), exact: true }).click()
}

/** Presses the button that copies a text, and returns what the clipboard has then. */
export async function copy(page: Page, what: string): Promise<string> {
  await page.evaluate("navigator.clipboard.writeText('')")
  await press(page, what)
  let text = ''
  await until(`${what} is in the clipboard`, async () => {
    text = String(await page.evaluate('navigator.clipboard.readText()'))
    return text !== ''
  })
  return text
}

/** The text that the button beside this label copies. */
export async function copyOf(page: Page, what: string): Promise<string> {
  const name = `Copy: ${label(what)}`
  const commands = page.locator('main').getByRole('button', { name: 'Command line', exact: true })
  await page.getByRole('button', { name }).or(commands).first().waitFor()
  // Most commands are in the panel, which stays open.
  if ((await page.getByRole('button', { name }).count()) === 0) await openCommands(page)
  return copy(page, name)
}

/**
 * With `ACRUX_WRITE_PICTURES=1`, writes a picture of these parts of the page for the tutorials. Otherwise it only asserts that
 * the picture exists.
 */
export async function picture(page: Page, name: string, ...parts: readonly Locator[]): Promise<void> {
  const file = `${name}.webp`
  taken.push(file)
  const path = join(folder, file)
  if (isWriting) {
    mkdirSync(folder, { recursive: true })
    writeFileSync(path, await shoot(page, parts))
  }
  assert.ok(existsSync(path), `${file} is missing: run this test with ACRUX_WRITE_PICTURES=1`)
  assert.ok(statSync(path).size <= maxBytes, `${file} has more than ${maxBytes} bytes`)
}

async function shoot(page: Page, parts: readonly Locator[]): Promise<Buffer> {
  await settled(page)
  await page.evaluate('Promise.all(document.getAnimations().map(({ finished }) => finished.catch(() => undefined)))')
  const margin = 16
  const boxes = await Promise.all(parts.map((part) => part.boundingBox()))
  const { width: whole, height: high } = page.viewportSize() ?? { width: 0, height: 0 }
  const all = boxes.filter((box) => box !== null)
  // Without the navigation beside it.
  const main = await page.locator('main').first().boundingBox()
  const left = Math.max(main?.x ?? 0, Math.min(...all.map(({ x }) => x)) - margin)
  const scrolled = Number(await page.evaluate('scrollY'))
  const top = Math.max(0, scrolled + Math.min(...all.map(({ y }) => y)) - margin)
  const right = Math.min(whole, Math.max(...all.map(({ x, width }) => x + width)) + margin)
  const bottom = scrolled + Math.max(...all.map(({ y, height }) => y + height)) + margin
  const clip =
    parts.length === 0
      ? { x: 0, y: 0, width: whole, height: high }
      : { x: left, y: top, width: right - left, height: bottom - top }
  const session = await page.context().newCDPSession(page)
  const { data } = await session.send('Page.captureScreenshot', {
    format: 'webp',
    quality: 80,
    captureBeyondViewport: true,
    clip: { ...clip, scale: 1 },
  })
  await session.detach()
  return Buffer.from(data, 'base64')
}

/** What the tutorials say and this test did not do: names in bold that were not used, pictures that were not taken. */
export function untold(): readonly string[] {
  const text = documents.join('\n').replaceAll(/\s+/g, ' ')
  const bold = [...text.matchAll(/\*\*([^*]+)\*\*/g)].map(([, name = '']) => name)
  const shown = [...text.matchAll(/\]\(images\/([^)]+)\)/g)].map(([, file = '']) => file)
  const files = globSync('*', { cwd: folder })
  return [
    ...bold.filter((name) => !used.has(name)).map((name) => `**${name}**`),
    ...shown.filter((file) => !taken.includes(file)),
    ...files.filter((file) => !shown.includes(file)).map((file) => `${file} is not in a tutorial`),
  ]
}
