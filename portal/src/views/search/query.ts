import { maxValueLength } from '../../components/elements/search-params.ts'

const minLength = 2

/** The text that is searched for. Undefined if it is too short or too long. */
export function parseQuery(typed: string): string | undefined {
  const text = typed.trim()
  return text.length < minLength || text.length > maxValueLength ? undefined : text
}

/** The text if it can be the name of a person, group or application: an image or a digest is none. */
export function principalTextOf(text: string): string | undefined {
  return /[:@]/.test(text.replace(/@[\w.-]+$/, '')) ? undefined : text
}
