import assert from 'node:assert/strict'
import type { Locator, Page } from 'playwright-core'

const maxSteps = 120

const hasFocus = (place: Locator): Promise<boolean> =>
  place.evaluate((element) => element === element.ownerDocument.activeElement)

/** Presses Tab until a control has the focus, and fails if nothing on the screen shows it. */
export async function tabTo(page: Page, control: Locator): Promise<void> {
  await control.waitFor()
  for (let step = 0; !(await hasFocus(control)); step += 1) {
    assert.ok(step < maxSteps, `Tab does not reach ${String(control)}`)
    await page.keyboard.press('Tab')
  }
  await assertVisibleFocus(page, control)
}

/** Goes to a control with Tab, and presses a key there. */
export async function pressAt(page: Page, control: Locator, key = 'Enter'): Promise<void> {
  await tabTo(page, control)
  await page.keyboard.press(key)
}

/** Goes to a field with Tab, and types. */
export async function typeAt(page: Page, field: Locator, text: string): Promise<void> {
  await tabTo(page, field)
  await page.keyboard.type(text)
}

/** Whether the control looks different without the focus. */
async function assertVisibleFocus(page: Page, control: Locator): Promise<void> {
  const box = await control.boundingBox()
  assert.ok(box !== null, `${String(control)} is not on the screen`)
  const margin = 8
  const clip = {
    x: Math.max(0, box.x - margin),
    y: Math.max(0, box.y - margin),
    width: box.width + 2 * margin,
    height: box.height + 2 * margin,
  }
  const picture = () => page.screenshot({ clip, animations: 'disabled' })
  const focused = await picture()
  await control.evaluate((element) => (element as unknown as { blur(): void }).blur())
  const blurred = await picture()
  await control.focus()
  assert.equal(focused.equals(blurred), false, `nothing shows that ${String(control)} has the focus`)
}
