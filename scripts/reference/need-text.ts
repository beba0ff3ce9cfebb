import { code } from './markdown.ts'

type Need = {
  readonly kind?: string
  readonly action?: string
  readonly actions?: readonly string[]
  readonly anyOf?: readonly string[]
  readonly name?: string
  readonly shows?: string
  readonly judgesAssignment?: boolean
}

const named: Readonly<Record<string, string>> = {
  public: 'nothing',
  'signed-in': 'any signed-in principal',
  'browser-session': 'a signed-in browser',
  'credential-in-request': 'a credential in the request',
}

/** Describes the need of a route. */
export function needText(need: unknown): string {
  if (typeof need === 'string') return named[need] ?? code(need)
  const { kind, action = '', actions = [], anyOf, name = '', shows, judgesAssignment } = need as Need
  switch (kind) {
    case 'signed-in':
      return shows === undefined
        ? 'any signed-in principal'
        : `any signed-in principal; lists what ${code(shows)} permits`
    case 'action':
      return code(action) + (judgesAssignment === true ? ', for this assignment' : '')
    case 'any-role':
      return 'any role at, above or below the resource'
    case 'repository':
      return [codes(actions, ' and '), ...(anyOf === undefined ? [] : [codes(anyOf, ' or ')])].join(' or ')
    case 'catalog':
      return code(`registry:${name}:*`)
    default:
      throw new Error(`the need ${JSON.stringify(need)} has no description`)
  }
}

function codes(actions: readonly string[], separator: string): string {
  return actions.map(code).join(separator)
}
