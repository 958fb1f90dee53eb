namespace Aspire.Hosting.ApplicationModel;

/// Here only for the signature of AddRedis.
public class ParameterResource : Resource
{
    internal ParameterResource(string name) : base(name)
    {
    }
}
