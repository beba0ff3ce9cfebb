import type { Agent } from 'node:https'
import { type HttpResponse, request } from '../harness/http.ts'
import { pageVisitor, type Page, type PageVisitor } from '../harness/page-visitor.ts'
import type { Reached } from './fairness-jobs.ts'
import { enterPassword, type People, requirePage } from './fairness-people.ts'
import type { FormKind } from './form-kinds.ts'
import { allRoutes, fillFields } from './route-kinds.ts'

/** What forms need of a scene. */
type FormScene = { readonly reached: Pick<Reached, 'baseUrl' | 'caFile'>; readonly people: People }

/** A browser that is at the page of a form. */
interface Visit {
  readonly visitor: PageVisitor
  readonly page: Page
}

/** How long the connections of one load share a browser: shorter than the time after which a change requires a new sign-in. */
const sharedMs = 60_000

const visits = new Map<FormKind, { readonly openedAtMs: number; readonly visit: Promise<Visit> }>()
const paths = new Map(allRoutes().map(({ id, path }) => [id, path]))

/** The values that the forms of a page hold, such as its token. */
function hiddenOf({ html }: Page): Record<string, string> {
  const inputs = html.matchAll(/<input type="hidden" name="([^"]*)" value="([^"]*)"/g)
  return Object.fromEntries(Array.from(inputs, ([, name = '', value = '']) => [name, value]))
}

/** Opens the page of a form as a browser does, signed in as its sender. */
async function visit({ reached, people }: FormScene, { sender, start, page: next, before }: FormKind): Promise<Visit> {
  const visitor = pageVisitor(reached)
  let page =
    sender === undefined
      ? requirePage(await visitor.open(start ?? '/account/security'))
      : await enterPassword(visitor, people.senders[sender], start)
  if (next !== undefined) {
    page = requirePage(await visitor.open(fillFields({ next }, hiddenOf(page))['next'] ?? ''))
  }
  if (before !== undefined) page = requirePage(await visitor.submit(page, before.fields ?? {}, before.path))
  return { visitor, page }
}

function sharedVisit(scene: FormScene, kind: FormKind): Promise<Visit> {
  const openedAtMs = performance.now()
  const found = visits.get(kind)
  if (found !== undefined && openedAtMs - found.openedAtMs < sharedMs) return found.visit
  const opened = visit(scene, kind)
  visits.set(kind, { openedAtMs, visit: opened })
  return opened
}

/** Opens the page of a form, and then sends the form repeatedly on one connection. */
export async function formRequests(
  kind: FormKind,
  scene: FormScene,
  agent: Agent | undefined,
  tell: (response: HttpResponse) => void,
): Promise<() => Promise<void>> {
  const path = paths.get(kind.id)
  if (path === undefined) throw new Error(`there is no route ${kind.id}`)
  const { reached, people } = scene
  const { visitor, page } = await sharedVisit(scene, kind)
  const values = kind.sender === undefined ? {} : { ...people.senders[kind.sender] }
  const url = new URL(path, reached.baseUrl)
  let current = page
  return async () => {
    const fields = fillFields(kind.fields?.(current, people.passkeyId) ?? {}, values)
    const sent = { ...visitor.formRequest(current, { ...hiddenOf(current), ...fields }), url }
    const response = await request({ ...sent, caFile: reached.caFile, ...(agent !== undefined && { agent }) })
    tell(response)
    if (kind.isRenewed === true && response.headers['content-type']?.startsWith('text/html') === true) {
      current = { ...current, html: response.text() }
    }
  }
}
