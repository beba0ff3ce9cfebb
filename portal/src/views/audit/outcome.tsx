import { Badge } from '@fluentui/react-components'
import { codeText, operationsTexts } from '../../components/texts/operations.ts'

/** Whether a request was allowed. */
export function Outcome({ outcome }: { readonly outcome: string }) {
  return (
    <Badge appearance="tint" color={outcome === 'refused' ? 'danger' : 'success'}>
      {codeText(operationsTexts.outcomes, outcome)}
    </Badge>
  )
}
