// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// The part of Uniswap's Permit2 that the proxies call.
interface ISignatureTransfer {
  struct TokenPermissions {
    address token;
    uint256 amount;
  }
  struct PermitTransferFrom {
    TokenPermissions permitted;
    uint256 nonce;
    uint256 deadline;
  }
  struct SignatureTransferDetails {
    address to;
    uint256 requestedAmount;
  }

  function permitWitnessTransferFrom(
    PermitTransferFrom memory permit,
    SignatureTransferDetails calldata transferDetails,
    address owner,
    bytes32 witness,
    string calldata witnessTypeString,
    bytes calldata signature
  ) external;
}

/// The part of EIP-2612 that the proxies call.
interface IPermit {
  function permit(address owner, address spender, uint256 value, uint256 deadline, uint8 v, bytes32 r, bytes32 s) external;
}

/// A permit that lets Permit2 move what is then transferred.
struct EIP2612Permit {
  uint256 value;
  uint256 deadline;
  bytes32 r;
  bytes32 s;
  uint8 v;
}

/// What both proxies do of a permit: one that the token does not take is passed over, as the allowance may be there already.
abstract contract TakesPermits {
  error Permit2612AmountMismatch();

  function _permit(EIP2612Permit calldata one, address token, uint256 amount, address owner) internal {
    if (one.value != amount) revert Permit2612AmountMismatch();
    address permit2 = 0x000000000022D473030F116dDEE9F6B43aC78BA3;
    try IPermit(token).permit(owner, permit2, one.value, one.deadline, one.v, one.r, one.s) {} catch {}
  }
}

/// Stands in for x402's proxy of `exact`, which no package has the code of: written from its interface. Permit2 itself,
/// which checks what was signed, is the real one.
contract ExactPermit2Proxy is TakesPermits {
  ISignatureTransfer public constant PERMIT2 = ISignatureTransfer(0x000000000022D473030F116dDEE9F6B43aC78BA3);
  string public constant WITNESS_TYPE_STRING =
    "Witness witness)TokenPermissions(address token,uint256 amount)Witness(address to,uint256 validAfter)";
  bytes32 public constant WITNESS_TYPEHASH = keccak256("Witness(address to,uint256 validAfter)");

  struct Witness {
    address to;
    uint256 validAfter;
  }

  event Settled();
  error InvalidAmount();
  error InvalidDestination();
  error InvalidOwner();
  error PaymentTooEarly();

  function settleWithPermit(
    EIP2612Permit calldata permit2612,
    ISignatureTransfer.PermitTransferFrom calldata permit,
    address owner,
    Witness calldata witness,
    bytes calldata signature
  ) external {
    _permit(permit2612, permit.permitted.token, permit.permitted.amount, owner);
    settle(permit, owner, witness, signature);
  }

  function settle(
    ISignatureTransfer.PermitTransferFrom calldata permit,
    address owner,
    Witness calldata witness,
    bytes calldata signature
  ) public {
    if (permit.permitted.amount == 0) revert InvalidAmount();
    if (owner == address(0)) revert InvalidOwner();
    if (witness.to == address(0)) revert InvalidDestination();
    if (block.timestamp < witness.validAfter) revert PaymentTooEarly();
    PERMIT2.permitWitnessTransferFrom(
      permit,
      ISignatureTransfer.SignatureTransferDetails(witness.to, permit.permitted.amount),
      owner,
      keccak256(abi.encode(WITNESS_TYPEHASH, witness.to, witness.validAfter)),
      WITNESS_TYPE_STRING,
      signature
    );
    emit Settled();
  }
}

/// Stands in for x402's proxy of `upto`: only the facilitator that the payer names may settle, for at most what is permitted.
contract UptoPermit2Proxy is TakesPermits {
  ISignatureTransfer public constant PERMIT2 = ISignatureTransfer(0x000000000022D473030F116dDEE9F6B43aC78BA3);
  string public constant WITNESS_TYPE_STRING =
    "Witness witness)TokenPermissions(address token,uint256 amount)Witness(address to,address facilitator,uint256 validAfter)";
  bytes32 public constant WITNESS_TYPEHASH = keccak256("Witness(address to,address facilitator,uint256 validAfter)");

  struct Witness {
    address to;
    address facilitator;
    uint256 validAfter;
  }

  event Settled();
  error AmountExceedsPermitted();
  error InvalidDestination();
  error InvalidOwner();
  error PaymentTooEarly();
  error UnauthorizedFacilitator();

  function settleWithPermit(
    EIP2612Permit calldata permit2612,
    ISignatureTransfer.PermitTransferFrom calldata permit,
    uint256 amount,
    address owner,
    Witness calldata witness,
    bytes calldata signature
  ) external {
    _permit(permit2612, permit.permitted.token, permit.permitted.amount, owner);
    settle(permit, amount, owner, witness, signature);
  }

  function settle(
    ISignatureTransfer.PermitTransferFrom calldata permit,
    uint256 amount,
    address owner,
    Witness calldata witness,
    bytes calldata signature
  ) public {
    if (msg.sender != witness.facilitator) revert UnauthorizedFacilitator();
    if (amount > permit.permitted.amount) revert AmountExceedsPermitted();
    if (owner == address(0)) revert InvalidOwner();
    if (witness.to == address(0)) revert InvalidDestination();
    if (block.timestamp < witness.validAfter) revert PaymentTooEarly();
    PERMIT2.permitWitnessTransferFrom(
      permit,
      ISignatureTransfer.SignatureTransferDetails(witness.to, amount),
      owner,
      keccak256(abi.encode(WITNESS_TYPEHASH, witness.to, witness.facilitator, witness.validAfter)),
      WITNESS_TYPE_STRING,
      signature
    );
    emit Settled();
  }
}

/// Hides what it calls from whoever reads only where a transaction goes, as a facilitator with a contract of its own does.
contract Wrapper {
  function pass(address to, bytes calldata data) external {
    (bool ok, bytes memory answer) = to.call(data);
    if (!ok) assembly ("memory-safe") {
      revert(add(answer, 32), mload(answer))
    }
  }
}
