import assert from 'node:assert/strict'
import type { Page } from 'playwright-core'

/** Fails unless every text of the page stands out from its background. [WCAG 2.2 §1.4.3] */
export async function assertContrast(page: Page, where: string): Promise<void> {
  await page.waitForLoadState()
  const pairs = await page.evaluate(contrasts)
  assert.ok(Array.isArray(pairs) && pairs.length > 4, where)
  for (const [shown, ratio] of pairs as [string, number][]) assert.ok(ratio >= 4.5, `${where}: ${shown}: ${ratio}`)
}

/** Functions for the page: the luminance of a color, and the color behind an element. [WCAG 2.2, relative luminance] */
export const colorFunctions = `
  const channels = (color) => color.match(/[\\d.]+/g).map(Number)
  const luminance = ([r, g, b]) => {
    const [x, y, z] = [r, g, b].map((v) => v / 255).map((v) => (v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4))
    return 0.2126 * x + 0.7152 * y + 0.0722 * z
  }
  const behind = (element) => {
    for (let node = element; node; node = node.parentElement) {
      const color = channels(getComputedStyle(node).backgroundColor)
      if (color.length < 4 || color[3] > 0) return color
    }
    return [255, 255, 255]
  }
`

/** Runs in the page: each text that is shown, with the contrast to what is behind it. [WCAG 2.2 §1.4.3] */
const contrasts = `(() => {${colorFunctions}
  const shown = [...document.querySelectorAll('body *')].filter((element) =>
    [...element.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim() !== ''))
  return shown.map((element) => {
    const [a, b] = [luminance(channels(getComputedStyle(element).color)), luminance(behind(element))].sort((x, y) => y - x)
    return [element.textContent.trim(), (a + 0.05) / (b + 0.05)]
  })
})()`
