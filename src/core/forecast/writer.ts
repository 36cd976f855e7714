import { AvroLongWriter, AvroWideWriter } from './avro.js'
import type { ForecastForm, ForecastWriter } from './format.js'
import { JsonLongWriter } from './json-long.js'
import { JsonWideWriter } from './json-wide.js'

/** @param frame what stands before each value: nothing in JSON, else Confluent's frame with the schema's id */
export function forecastWriter(form: ForecastForm, frame: Uint8Array): ForecastWriter {
  const wide = form.publish.format === 'wide'
  if (form.encoding.output === 'avro') {
    return wide ? new AvroWideWriter(form, frame) : new AvroLongWriter(form, frame)
  }
  return wide ? new JsonWideWriter(form, frame) : new JsonLongWriter(form, frame)
}
