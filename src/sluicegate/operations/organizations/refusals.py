"""What AWS Organizations says when it refuses."""

from ...errors import AwsError

_SENTENCES = {
    "AWSOrganizationsNotInUseException": "Your account is not a member of an organization.",
    "AccessDeniedException": "You don't have permissions to access this resource.",
    "AccountNotFoundException": "You specified an account that doesn't exist.",
    "AlreadyInOrganizationException": (
        "The provided account is already a member of an organization."
    ),
    "ChildNotFoundException": "You specified a child that doesn't exist.",
    "CreateAccountStatusNotFoundException": (
        "You specified an account creation request that doesn't exist."
    ),
    "DestinationParentNotFoundException": "You specified a destination parent that doesn't exist.",
    "DuplicateAccountException": "The account is already in the specified destination.",
    "DuplicateOrganizationalUnitException": "An OU with the same name already exists.",
    "DuplicatePolicyAttachmentException": (
        "The specified policy is already attached to the specified target."
    ),
    "DuplicatePolicyException": "A policy with the specified name and type already exists.",
    "MasterCannotLeaveOrganizationException": (
        "You can't remove a management account from an organization."
    ),
    "OrganizationNotEmptyException": (
        "To delete an organization you must first remove all member accounts (except the master)."
    ),
    "OrganizationalUnitNotEmptyException": (
        "The specified OU is not empty. Move all accounts to another root or to other OUs, "
        "remove all child OUs, and try the operation again."
    ),
    "OrganizationalUnitNotFoundException": (
        "You specified an organizational unit that doesn't exist."
    ),
    "ParentNotFoundException": "You specified parent that doesn't exist.",
    "PolicyInUseException": (
        "The policy is attached to one or more entities. You must detach it from all roots, OUs, "
        "and accounts before performing this operation."
    ),
    "PolicyNotAttachedException": (
        "The policy isn't attached to the specified target in the specified root."
    ),
    "PolicyNotFoundException": "You specified a policy that doesn't exist.",
    "PolicyTypeAlreadyEnabledException": "The specified policy type is already enabled.",
    "PolicyTypeNotAvailableForOrganizationException": (
        "You can't use the specified policy type with the feature set currently enabled for this "
        "organization."
    ),
    "PolicyTypeNotEnabledException": (
        "This operation can be performed only for enabled policy types."
    ),
    "RootNotFoundException": "You specified a root that doesn't exist.",
    "SourceParentNotFoundException": "You specified a source parent that doesn't exist.",
    "TargetNotFoundException": "You specified a target that doesn't exist.",
}

_BEYOND = {
    "MIN_POLICY_TYPE_ATTACHMENT_LIMIT_EXCEEDED": (
        "You cannot remove the last policy attached to the specified target. You must have at "
        "least one attached at all times."
    ),
    "MAX_POLICY_TYPE_ATTACHMENT_LIMIT_EXCEEDED": (
        "You have attached the maximum number of policies to the specified target."
    ),
    "OU_DEPTH_LIMIT_EXCEEDED": "You have exceeded the depth of OUs that an organization can have.",
    "OU_NUMBER_LIMIT_EXCEEDED": "You have exceeded the number of OUs in an organization.",
    "POLICY_NUMBER_LIMIT_EXCEEDED": "You have exceeded the number of policies in an organization.",
    "POLICY_CONTENT_LIMIT_EXCEEDED": "You have exceeded the size of a policy document.",
    "MAX_TAG_LIMIT_EXCEEDED": "You have exceeded the number of tags on the resource.",
}

_INVALID = {
    "DUPLICATE_TAG_KEY": "Tag keys must be unique among the tags attached to the same entity.",
    "IMMUTABLE_POLICY": "You can't change a policy that AWS manages.",
    "INVALID_NEXT_TOKEN": "The NextToken you provided is not valid.",
    "INVALID_SYSTEM_TAGS_PARAMETER": "You specified a tag key that is a system tag.",
    "NON_DETACHABLE_POLICY": "You can't detach this policy.",
}


def refused(code: str) -> AwsError:
    """The refusal of that code, in its one sentence."""
    return AwsError(code, _SENTENCES[code])


def beyond(reason: str) -> AwsError:
    """A minimum or maximum would be broken."""
    message = _BEYOND[reason]
    return AwsError("ConstraintViolationException", message, members={"Reason": reason})


def invalid(reason: str) -> AwsError:
    """A value that cannot be meant."""
    return AwsError("InvalidInputException", _INVALID[reason], members={"Reason": reason})


def malformed(message: str) -> AwsError:
    """A policy that is none; IAM says why."""
    return AwsError(
        "MalformedPolicyDocumentException",
        "The provided policy document does not meet the requirements of the specified policy "
        f"type: {message}",
    )
