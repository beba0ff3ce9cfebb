import { pythonText } from '../../framework/output/tsv.ts'
import { valueAt } from '../../framework/values/shape.ts'

/** A cell of a table of az's registry commands: a space for a missing or empty value. [azure-cli acr/_format.py] */
export function cell(item: unknown, path: string): string {
  const value = valueAt(item, path)
  const isShown = value !== undefined && value !== null && value !== ''
  return isShown ? pythonText(value) : ' '
}

/** A cell with a time, to the second. */
export function timeCell(item: unknown, path: string): string {
  return cell(item, path).replace(/^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d).*$/, '$1Z')
}

/** The rows of a document or a list. The list can be in the member `value`. */
export function rowsOf<Row>(result: unknown, row: (item: unknown) => Row): Row[] {
  const value = valueAt(result, 'value') ?? result
  return (Array.isArray(value) ? value : [value]).map(row)
}

/** The table of registries. */
export function registryTable(result: unknown): object[] {
  return rowsOf(result, (item) => ({
    NAME: cell(item, 'name'),
    'RESOURCE GROUP': cell(item, 'resourceGroup'),
    LOCATION: cell(item, 'location'),
    SKU: cell(item, 'sku.name'),
    'LOGIN SERVER': cell(item, 'loginServer'),
    'CREATION DATE': timeCell(item, 'creationDate'),
    'ADMIN ENABLED': cell(item, 'adminUserEnabled'),
  }))
}
