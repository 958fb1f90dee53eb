using System.Reflection;
using System.Runtime.CompilerServices;

namespace LeaderElection.Tests.StandIns;

/// Writes public members in the manner of aspire-13.5-api.txt.
internal static class ApiSignature
{
    private const BindingFlags Declared = BindingFlags.Public | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;

    private static readonly Dictionary<Type, string> Keywords = new()
    {
        [typeof(string)] = "string", [typeof(int)] = "int", [typeof(long)] = "long", [typeof(bool)] = "bool",
        [typeof(object)] = "object", [typeof(void)] = "void", [typeof(double)] = "double",
    };

    public static string OfType(Type type) => $"{Kind(type)} {type.Namespace}.{Name(type)}";

    public static IEnumerable<string> OfMembers(Type type) => type.GetMembers(Declared).Select(Of).OfType<string>();

    private static string Kind(Type type) =>
        type.IsInterface ? "interface"
        : type.IsEnum ? "enum"
        : type.IsValueType ? "struct"
        : type is { IsAbstract: true, IsSealed: true } ? "static class"
        : type.IsAbstract ? "abstract class"
        : type.IsSealed ? "sealed class"
        : "class";

    private static string? Of(MemberInfo member) => member switch
    {
        // A type with required members: the compiler marks its constructor obsolete, and the list leaves it out.
        ConstructorInfo constructor when constructor.IsDefined(typeof(CompilerFeatureRequiredAttribute)) => null,
        ConstructorInfo constructor => $"ctor({Parameters(constructor, withDefaults: false)})",
        PropertyInfo property => $"{Static(property.GetMethod!)}{Name(property.PropertyType)} {property.Name} {Accessors(property)}",
        MethodInfo { IsSpecialName: true } => null,
        MethodInfo method => $"{Static(method)}{Name(method.ReturnType)} {method.Name}{Generics(method)}({This(method)}{Parameters(method, withDefaults: true)})",
        FieldInfo { IsSpecialName: true } => null,
        FieldInfo field => $"{(field.IsStatic ? "static " : "")}{Name(field.FieldType)} {field.Name}",
        _ => null,
    };

    private static string Static(MethodInfo method) => method.IsStatic ? "static " : "";

    private static string This(MethodInfo method) => method.IsDefined(typeof(ExtensionAttribute)) ? "this " : "";

    private static string Generics(MethodInfo method) =>
        method.IsGenericMethodDefinition ? $"<{string.Join(", ", method.GetGenericArguments().Select(Name))}>" : "";

    private static string Accessors(PropertyInfo property) =>
        property.GetSetMethod() is null ? "{ get; }" : property.GetGetMethod() is null ? "{ set; }" : "{ get; set; }";

    private static string Parameters(MethodBase method, bool withDefaults) => string.Join(", ", method.GetParameters().Select(parameter =>
        $"{Name(parameter.ParameterType)} {parameter.Name}{(withDefaults && parameter.HasDefaultValue ? $" = {Default(parameter)}" : "")}"));

    private static string Default(ParameterInfo parameter) => parameter.DefaultValue switch
    {
        null => "default",
        var value when parameter.ParameterType.IsEnum => Enum.GetName(parameter.ParameterType, value)!,
        var value => FormattableString.Invariant($"{value}"),
    };

    private static string Name(Type type) =>
        Keywords.TryGetValue(type, out var keyword) ? keyword
        : type.IsByRef ? $"ref {Name(type.GetElementType()!)}"
        : type.IsArray ? $"{Name(type.GetElementType()!)}[]"
        : type.IsGenericType ? $"{type.Name[..type.Name.IndexOf('`')]}<{string.Join(", ", type.GetGenericArguments().Select(Name))}>"
        : type.Name;
}
