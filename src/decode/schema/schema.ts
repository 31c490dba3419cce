/** A schema as the registry or a file gives it: text that the decoder of the format reads. */
export interface SchemaText {
  readonly type: 'AVRO' | 'PROTOBUF' | 'JSON';
  readonly text: string;
  /** All that it refers to, direct and indirect, dependencies first. `name`: how it is referred to (an import, a `$ref`, an Avro name). */
  readonly references: readonly { readonly name: string; readonly text: string }[];
}
