import type { Page } from 'playwright-core'
import type { OneOfFour } from './portal-four-people.ts'

/** A control of a view that changes something, or opens a form that does. */
export type Control = {
  readonly name: string
  readonly isEnabled: boolean
  /** What is said about it: why it is disabled. */
  readonly reason: string
}

/** The people in the order of the columns. */
const columns = ['owner', 'puller', 'writer', 'nobody'] as const satisfies readonly OneOfFour[]

/**
 * The rule: every button, switch and menu item of `main` counts, so that a new one is reviewed. These do not, because they
 * change nothing: they copy what is shown, search, filter, sort, show more or less, or lead to another place or step.
 */
const harmless = [
  /^(?:Copy: .*|Copied|Refresh|Command line)$/,
  /^(?:Search|Clear|clear|Denials|Last hour|Last 24 hours|Last 7 days|Search older events)$/,
  /^(?:Show more|Load more|Load all repositories|Look at all applications|Try again|Download|Stop)$/,
  /^(?:Show what refers to .*|Members: .*|(?:Expand|Collapse).*|Permissions: .*|Show as a table: .*)$/,
  /^(?:Open a registry|Open the repository|Give a role|Next|Back|Cancel|Check|List|Would I still have access\?)$/,
  /^(?:Columns|Views|As a list|By path|Last push|Pushed by|Not pulled for 90 days|Import…|Push an image|UTC|Local)$/,
  /^(?:By image|By tag|Not pulled for 30 days|Unsigned|Has critical|Pull|Actions for .*)$/,
  /^(?:Do not show this again|Show the last use)$/,
]

/** Which controls are recorded, by view, name and person. */
export type ControlTable = Map<string, Map<string, Map<OneOfFour, Control>>>

/** The controls of the view that is shown. */
export async function controlsOf(page: Page): Promise<readonly Control[]> {
  const found = await page.evaluate<readonly Control[]>(`(() => {
    const textOf = (ids) => (ids ?? '').split(' ').map((id) => document.getElementById(id)?.textContent ?? '').join(' ').trim()
    const nameOf = (control) => control.getAttribute('aria-label') ?? (textOf(control.getAttribute('aria-labelledby'))
      || (control.labels?.[0] ?? control).textContent)
    return [...document.querySelectorAll('main :is(button, [role=button], [role=switch], [role^=menuitem])')]
      .filter((control) => control.checkVisibility() && control.closest('[role=columnheader]') === null && !['tab', 'combobox'].includes(control.getAttribute('role')))
      .map((control) => ({
        name: nameOf(control).trim().replaceAll(/\\s+/g, ' '),
        isEnabled: !control.disabled && control.getAttribute('aria-disabled') !== 'true',
        reason: textOf(control.getAttribute('aria-describedby')) || (control.getAttribute('title') ?? ''),
      }))
  })()`)
  return found.filter(({ name }) => !harmless.some((pattern) => pattern.test(name)))
}

/** Enters the controls that a person sees in a view. */
export function enterControls(
  table: ControlTable,
  view: string,
  person: OneOfFour,
  controls: readonly Control[],
): void {
  const ofView = table.get(view) ?? new Map<string, Map<OneOfFour, Control>>()
  table.set(view, ofView)
  const counts = new Map<string, number>()
  for (const control of controls) {
    const count = (counts.get(control.name) ?? 0) + 1
    counts.set(control.name, count)
    const name = masked(count === 1 ? control.name : `${control.name} (${count})`)
    const ofControl = ofView.get(name) ?? new Map<OneOfFour, Control>()
    ofView.set(name, ofControl.set(person, control))
  }
}

/** The table as text: a line for each control, with its state for each person and the reasons that are shown. */
export function controlLines(table: ControlTable): readonly string[] {
  const head = `${''.padEnd(nameWidth)}${columns.map(cell).join('')}reason`
  const views = [...table].filter(([, controls]) => controls.size > 0)
  return [head, ...views.flatMap(([view, controls]) => [view, ...[...controls].map((row) => controlLine(...row))])]
}

const nameWidth = 56
const cell = (text: string) => text.padEnd(8)

function controlLine(name: string, states: ReadonlyMap<OneOfFour, Control>): string {
  const cells = columns.map((person) => {
    const control = states.get(person)
    return cell(control === undefined ? '-' : control.isEnabled ? 'on' : 'off')
  })
  const reasons = new Set(
    [...states.values()].filter(({ isEnabled }) => !isEnabled).map(({ reason }) => masked(reason)),
  )
  return `  ${name.padEnd(nameWidth - 3)} ${cells.join('')}${[...reasons].join(' | ')}`.trimEnd()
}

/** Without what differs each time. */
const masked = (text: string) =>
  text
    .replaceAll(/localhost:\d+/g, 'localhost')
    .replaceAll(/sha256:[0-9a-f]+…?/g, 'sha256:…')
    .replaceAll(/[A-Z][a-z]{2} \d+, \d{4}, \d+:\d+\s[AP]M/g, '<time>')
    .replaceAll(/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g, '<id>')

/** A cell of the table that is wrong whoever reviewed it. */
type Fault = `${OneOfFour} ${string}`

/** What people without a role to change anything may do: it concerns themselves only, or the server decides it when it is pressed. */
const ownControls: readonly (readonly [view: RegExp, name: RegExp])[] = [
  [/^\/people\/\$own/, /^End (?:all sign-ins|the sign-in to )/],
  // A login of a registry grants what their roles do. To ask before whether there is one would record a denial.
  [/^\/r\/\$registry$/, /^Copy login command$/],
]

/** Controls that are disabled without a reason in words, and those that people who may change nothing could press. */
export function faultsOfControls(table: ControlTable): readonly Fault[] {
  return [...table].flatMap(([view, controls]) =>
    [...controls].flatMap(([name, states]) =>
      [...states].flatMap(([person, { isEnabled, reason }]): Fault[] => {
        if (!isEnabled) return /\w+ \w+/.test(reason) ? [] : [`${person} ${view} ${name}: disabled without a reason`]
        const isOwn = ownControls.some(([inView, named]) => inView.test(view) && named.test(name))
        const mayChange = person === 'owner' || person === 'writer' || isOwn
        return mayChange ? [] : [`${person} ${view} ${name}: enabled`]
      }),
    ),
  )
}
