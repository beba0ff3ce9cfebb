import { usePermissions } from '../../api/use-permissions.ts'
import { rightsTexts } from '../texts/rights.ts'

/** A function that says why the person may not carry out an action at a scope; undefined if they may. */
export function useLacks(scope: string): (action: string) => string | undefined {
  const mayAct = usePermissions(scope)
  return (action) => (mayAct(action) ? undefined : `${rightsTexts.lacks} ${action}.`)
}
