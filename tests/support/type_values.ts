/**
 * Values of a TypeScript type, made by fast-check from the type itself: a field or a member that a new
 * version of a package adds is in them without a word here.
 *
 * @module
 */
import fc from "fast-check";
import ts from "typescript";

/** Types that contain themselves, by name. */
const RECURSIVE = /^JSON(Value|Object|Array)$/;

/** Any JSON that a program may hold. */
export const anyJson: fc.Arbitrary<unknown> = fc.jsonValue({ maxDepth: 3, stringUnit: "binary" });

const anyText = fc.oneof(
  fc.string(),
  fc.string({ unit: "binary" }),
  fc.constantFrom("chat-archive:image/00000000-0000-0000-0000-000000000000", "\ud83d", "a\0b", ""),
);

function objectOf(checker: ts.TypeChecker, type: ts.Type): fc.Arbitrary<unknown> {
  const index = checker.getIndexInfoOfType(type, ts.IndexKind.String);
  const properties = checker.getPropertiesOfType(type);
  if (index && properties.length === 0) {
    return fc.dictionary(anyText, valuesOf(checker, index.type), { maxKeys: 3 });
  }
  const fields: Record<string, fc.Arbitrary<unknown>> = {};
  const requiredKeys: string[] = [];
  for (const property of properties) {
    const own = checker.getTypeOfSymbol(property);
    // `output?: never` means that it is not there.
    const present = own.isUnion()
      ? own.types.filter(({ flags }) => !(flags & ts.TypeFlags.Undefined))
      : [own].filter(({ flags }) => !(flags & (ts.TypeFlags.Never | ts.TypeFlags.Undefined)));
    if (present.length === 0) continue;
    fields[property.name] = fc.oneof(...present.map((one) => valuesOf(checker, one)));
    if (!(property.flags & ts.SymbolFlags.Optional)) requiredKeys.push(property.name);
  }
  return fc.record(fields, { requiredKeys });
}

/** Values of a type. */
export function valuesOf(checker: ts.TypeChecker, type: ts.Type): fc.Arbitrary<unknown> {
  const { flags } = type;
  if (RECURSIVE.test(type.aliasSymbol?.name ?? type.symbol?.name ?? "")) {
    return type.aliasSymbol?.name === "JSONValue" ? anyJson : fc.dictionary(anyText, anyJson);
  }
  if (type.isUnion()) return fc.oneof(...type.types.map((one) => valuesOf(checker, one)));
  if (type.isStringLiteral() || type.isNumberLiteral()) return fc.constant(type.value);
  if (flags & ts.TypeFlags.BooleanLiteral) {
    return fc.constant(checker.typeToString(type) === "true");
  }
  if (flags & ts.TypeFlags.TemplateLiteral) {
    const { texts, types } = type as ts.TemplateLiteralType;
    return fc.tuple(...types.map(() => fc.stringMatching(/^[a-z]{1,8}$/)))
      .map((words) => texts.map((text, n) => text + (words[n] ?? "")).join(""));
  }
  if (flags & ts.TypeFlags.String) return anyText;
  // Types don't say it, but schemas do: numbers of messages are whole.
  if (flags & ts.TypeFlags.Number) return fc.nat();
  if (flags & ts.TypeFlags.Boolean) return fc.boolean();
  if (flags & ts.TypeFlags.Null) return fc.constant(null);
  if (flags & (ts.TypeFlags.Unknown | ts.TypeFlags.Any)) return anyJson;
  if (checker.isArrayType(type)) {
    const [item] = checker.getTypeArguments(type as ts.TypeReference);
    return fc.array(valuesOf(checker, item!), { maxLength: 3 });
  }
  return objectOf(checker, type);
}
