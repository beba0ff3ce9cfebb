import { form, request, type HttpResponse } from './http.ts'
import type { RunningServer } from './server.ts'

/** A page that a person sees: where they are, and what they may fill in. */
export interface Page {
  readonly url: URL
  readonly status: number
  readonly html: string
  readonly headers: HttpResponse['headers']
}

/** An address outside the server to which a browser was redirected, usually that of a program that listens. */
export interface Elsewhere {
  readonly location: URL
  /** What a form sent there. */
  readonly fields?: Readonly<Record<string, string>> | undefined
}

/** A browser without scripts, pictures or patience: it keeps cookies, follows redirects of the server, and sends forms. */
export interface PageVisitor {
  open(url: string | URL): Promise<Page | Elsewhere>
  /** Sends the first form of a page, or the one that goes to a path, with these fields in place of what it holds. */
  submit(page: Page, fields: Readonly<Record<string, string>>, path?: string): Promise<Page | Elsewhere>
  /** The request of {@link submit}, for a test that sends it in another way. Answers to it change no cookie of the visitor. */
  formRequest(page: Page, fields: Readonly<Record<string, string>>, path?: string): FormRequest
  /**
   * Goes through the pages of sign-in as a person who agrees to everything, until no form is left.
   * Throws if a page says what was wrong.
   */
  signIn(start: Page | Elsewhere, person: Person): Promise<Page | Elsewhere>
  /** The cookies that the server gave, by their names. */
  readonly cookies: ReadonlyMap<string, string>
}

/** The request that a browser sends for a form. */
export interface FormRequest {
  readonly method: 'POST'
  readonly url: URL
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

/** Who goes through the pages. */
export interface Person {
  readonly userPrincipalName: string
  readonly password: string
}

const stepLimit = 12

interface PageForm {
  /** Where it goes. */
  readonly action: URL
  /** The values that the form already has, including the button that the Enter key presses. */
  readonly held: Readonly<Record<string, string>>
  readonly names: readonly string[]
}

/** The first form of a page, or the one that goes to a path. */
function formOf({ html, url }: Page, path?: string): PageForm | undefined {
  const forms = [...html.matchAll(/<form([^>]*)>[\s\S]*?<\/form>/g)]
  const goesTo = ([, attributes = '']: RegExpExecArray) => new URL(attributeOf(attributes, 'action') ?? '', url)
  const found = forms.find((one) => path === undefined || goesTo(one).pathname === path)
  if (found === undefined) return undefined
  const [whole] = found
  const inputs = [...whole.matchAll(/<input[^>]*>/g)].map(([tag]) => tag)
  const button = /<button[^>]*type="submit"[^>]*>/.exec(whole)?.[0] ?? ''
  const held: Record<string, string> = {}
  for (const tag of [...inputs, button]) {
    const name = attributeOf(tag, 'name')
    const value = attributeOf(tag, 'value')
    if (name !== undefined && value !== undefined) held[name] = value
  }
  const names = inputs.flatMap((tag) => attributeOf(tag, 'name') ?? [])
  return { action: goesTo(found), held, names }
}

function attributeOf(tag: string, name: string): string | undefined {
  const value = new RegExp(`\\s${name}="([^"]*)"`).exec(tag)?.[1]
  return value?.replaceAll('&quot;', '"').replaceAll('&#39;', "'").replaceAll('&lt;', '<').replaceAll('&amp;', '&')
}

/** A visitor of the server's pages, with an empty cookie jar. */
export function pageVisitor(server: Pick<RunningServer, 'baseUrl' | 'caFile'>): PageVisitor {
  const cookies = new Map<string, string>()
  const keep = (headers: HttpResponse['headers']): void => {
    for (const line of headers['set-cookie'] ?? []) {
      const [pair = ''] = line.split(';')
      const equals = pair.indexOf('=')
      if (/;\s*max-age=0/i.test(line)) cookies.delete(pair.slice(0, equals))
      else cookies.set(pair.slice(0, equals), pair.slice(equals + 1))
    }
  }
  const postOf = (url: URL, fields: Readonly<Record<string, string>>): FormRequest => {
    const { headers, body } = form(fields)
    const cookie = cookieOf(cookies)
    const sent = { ...headers, origin: url.origin, 'sec-fetch-site': 'same-origin', ...(cookie !== '' && { cookie }) }
    return { method: 'POST', url, headers: sent, body }
  }
  const send = async (url: URL, fields?: Readonly<Record<string, string>>, steps = 0): Promise<Page | Elsewhere> => {
    if (url.origin !== new URL(server.baseUrl).origin) return { location: url, fields }
    if (steps > stepLimit) throw new Error(`too many redirects, the last one to ${url.href}`)
    const posted = fields && postOf(url, fields)
    const cookie = cookieOf(cookies)
    const answer = await request({
      ...(posted ?? { method: 'GET', url, headers: cookie === '' ? {} : { cookie } }),
      caFile: server.caFile,
    })
    keep(answer.headers)
    const { location } = answer.headers
    if (location !== undefined && answer.status >= 300 && answer.status < 400) {
      return send(new URL(location, url), undefined, steps + 1)
    }
    return { url, status: answer.status, html: answer.text(), headers: answer.headers }
  }
  const requireForm = (page: Page, path: string | undefined): PageForm => {
    const found = formOf(page, path)
    if (found === undefined) throw new Error(`there is no form at ${page.url.href}:\n${textOf(page)}`)
    return found
  }
  const submit: PageVisitor['submit'] = (page, fields, path) => {
    const { action, held } = requireForm(page, path)
    return send(action, { ...held, ...fields })
  }
  return {
    cookies,
    open: (url) => send(new URL(url, server.baseUrl)),
    submit,
    formRequest: (page, fields, path) => {
      const { action, held } = requireForm(page, path)
      return postOf(action, { ...held, ...fields })
    },
    async signIn(start, { userPrincipalName, password }) {
      let page = start
      for (let step = 0; step < stepLimit; step += 1) {
        if ('location' in page) return page
        const names = formOf(page)?.names
        if (names === undefined || names.length === 0) return page
        if (/role="alert"/.test(page.html)) throw new Error(textOf(page))
        const fields = { username: userPrincipalName, password }
        page = await submit(page, Object.fromEntries(Object.entries(fields).filter(([name]) => names.includes(name))))
      }
      throw new Error(`still at a form after ${stepLimit} steps:\n${'location' in page ? '' : textOf(page)}`)
    },
  }
}

/** The value of the header `Cookie`. */
export function cookieOf(cookies: ReadonlyMap<string, string>): string {
  return [...cookies].map(([name, value]) => `${name}=${value}`).join('; ')
}

/** The text of a page, without its markup. */
export function textOf({ html }: Page): string {
  return html
    .replaceAll(/<(?:style|svg|head)[\s\S]*?<\/(?:style|svg|head)>/g, '')
    .replaceAll(/<[^>]*>/g, ' ')
    .replaceAll(/\s+/g, ' ')
    .trim()
}
